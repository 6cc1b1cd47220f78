"""The script that decides about a request inside Redis.

It is the rule of ``prismiq.domain.rules.token_bucket`` in the numbers Redis has: floating point,
exact for integers below 2^53. A bucket's moment (microseconds times limit, which is too large) is
kept as whole microseconds and a rest in units of one ``1/limit`` of a microsecond.

Kept is one short text, here with rests of 0: ``1790000000100000 900000 3500000 0 0 0``, which is
the burst bucket's moment, how much later those of minute and hour are, and the three rests. It
expires in the millisecond in which all buckets are full. Nothing is written when nothing changes.

Answers one text, which costs the driver least to read: whether the request fits (1 or 0), the
server's time in seconds and microseconds, and what is kept after it.
"""

from prismiq.domain.model.rate_limits import HOUR, MINUTE, SECOND

# For each of the windows, written out since calls of Lua functions cost as much as what they do.
# moment_1 and rest_1 are the bucket as it is kept, then refilled; after_1 and over_1 what it would
# be with the request charged.
_WINDOW = """
local empty = now + {period}
if moment_{n} < now then
  moment_{n}, rest_{n} = now, 0
elseif moment_{n} > empty or (moment_{n} == empty and rest_{n} > 0) then
  moment_{n}, rest_{n}, was_set_back = empty, 0, true
end
local limit = tonumber(ARGV[{n}])
local over_{n} = rest_{n} + cost * ({period} % limit)
local after_{n} = moment_{n} + cost * floor({period} / limit) + floor(over_{n} / limit)
over_{n} = over_{n} % limit
fits = fits and (after_{n} < empty or (after_{n} == empty and over_{n} == 0))
"""

TAKE = (
    """
local floor, tonumber = math.floor, tonumber
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost = tonumber(ARGV[4])
local fits, was_set_back = true, false

local moment_1, moment_2, moment_3, rest_1, rest_2, rest_3 = now, now, now, 0, 0, 0
local kept = redis.call('GET', KEYS[1])
if kept then
  local first, second, third, r1, r2, r3 =
    string.match(kept, '^(%d+) (%-?%d+) (%-?%d+) (%d+) (%d+) (%d+)$')
  if first then
    moment_1, moment_2, moment_3 = tonumber(first), first + second, first + third
    rest_1, rest_2, rest_3 = tonumber(r1), tonumber(r2), tonumber(r3)
  end
end
"""
    + "".join(
        _WINDOW.format(n=n, period=period) for n, period in enumerate((SECOND, MINUTE, HOUR), 1)
    )
    + """
if fits then
  moment_1, moment_2, moment_3 = after_1, after_2, after_3
  rest_1, rest_2, rest_3 = over_1, over_2, over_3
end

local value = string.format('%.0f %.0f %.0f %.0f %.0f %.0f',
  moment_1, moment_2 - moment_1, moment_3 - moment_1, rest_1, rest_2, rest_3)
if (fits and cost > 0) or was_set_back then
  local full = math.max(
    moment_1 + (rest_1 > 0 and 1 or 0),
    moment_2 + (rest_2 > 0 and 1 or 0),
    moment_3 + (rest_3 > 0 and 1 or 0))
  redis.call('SET', KEYS[1], value, 'PXAT', string.format('%.0f', math.ceil(full / 1000)))
end
return (fits and '1 ' or '0 ') .. time[1] .. ' ' .. time[2] .. ' ' .. value
"""
)
