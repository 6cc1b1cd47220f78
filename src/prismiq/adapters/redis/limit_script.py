"""The script that decides about a request inside Redis.

It is the rule of ``prismiq.domain.rules.token_bucket`` in the numbers Redis has: floating point,
exact for integers below 2^53. A bucket's moment (microseconds times limit, which is too large) is
kept as whole microseconds and a rest in units of one ``1/limit`` of a microsecond.

Kept is one short text, here with rests of 0: ``1790000000100000 900000 3500000 0 0 0``, which is
the burst bucket's moment, how much later those of minute and hour are, and the three rests. It
expires in the millisecond in which all buckets are full. Nothing is written when nothing changes.

Answers one text, which costs the driver least to read: whether the request fits (1 or 0), the
server's time, and what is kept after it.
"""

TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost = tonumber(ARGV[4])
local was_set_back = false

local function refilled(moment, rest, period)
  local empty = now + period
  if moment < now then
    return now, 0
  elseif moment > empty or (moment == empty and rest > 0) then
    was_set_back = true
    return empty, 0
  end
  return moment, rest
end

local function charged(moment, rest, period, limit)
  rest = rest + cost * (period % limit)
  moment = moment + cost * math.floor(period / limit) + math.floor(rest / limit)
  rest = rest % limit
  local empty = now + period
  return moment, rest, moment < empty or (moment == empty and rest == 0)
end

local burst, minute, hour, rest_1, rest_2, rest_3 = now, now, now, 0, 0, 0
local kept = redis.call('GET', KEYS[1])
if kept then
  local first, second, third, r1, r2, r3 =
    string.match(kept, '^(%d+) (%-?%d+) (%-?%d+) (%d+) (%d+) (%d+)$')
  if first then
    burst, rest_1 = refilled(tonumber(first), tonumber(r1), 1000000)
    minute, rest_2 = refilled(first + second, tonumber(r2), 60000000)
    hour, rest_3 = refilled(first + third, tonumber(r3), 3600000000)
  end
end

local b, b_rest, fits_burst = charged(burst, rest_1, 1000000, tonumber(ARGV[1]))
local m, m_rest, fits_minute = charged(minute, rest_2, 60000000, tonumber(ARGV[2]))
local h, h_rest, fits_hour = charged(hour, rest_3, 3600000000, tonumber(ARGV[3]))
local fits = fits_burst and fits_minute and fits_hour
if fits then
  burst, minute, hour, rest_1, rest_2, rest_3 = b, m, h, b_rest, m_rest, h_rest
end

local value = string.format('%.0f %.0f %.0f %.0f %.0f %.0f',
  burst, minute - burst, hour - burst, rest_1, rest_2, rest_3)
if (fits and cost > 0) or was_set_back then
  local full = math.max(
    burst + (rest_1 > 0 and 1 or 0),
    minute + (rest_2 > 0 and 1 or 0),
    hour + (rest_3 > 0 and 1 or 0))
  redis.call('SET', KEYS[1], value, 'PXAT', string.format('%.0f', math.ceil(full / 1000)))
end
return string.format('%d %.0f ', fits and 1 or 0, now) .. value
"""
