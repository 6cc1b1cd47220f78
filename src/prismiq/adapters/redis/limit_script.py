"""The script that decides about a request inside Redis.

It is the rule of ``prismiq.domain.rules.token_bucket`` in the numbers Redis has: floating point,
exact for integers below 2^53. A bucket's moment (microseconds times limit, which is too large) is
kept as whole microseconds and a rest in units of one ``1/limit`` of a microsecond.

Kept is one short text, here with rests of 0: ``1790000000100000 900000 3500000 0 0 0``, which is
the burst bucket's moment, how much later those of minute and hour are, and the three rests. It
expires in the millisecond in which all buckets are full. Nothing is written when nothing changes.

Answers ``{fits, now, moment, rest, moment, rest, moment, rest}``, all of them integers.
"""

TAKE = """
local PERIODS = {1000000, 60000000, 3600000000}
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost = tonumber(ARGV[4])

local moments, rests = {now, now, now}, {0, 0, 0}
local kept = redis.call('GET', KEYS[1])
if kept then
  local burst, minute, hour, r1, r2, r3 =
    string.match(kept, '^(%d+) (%-?%d+) (%-?%d+) (%d+) (%d+) (%d+)$')
  if burst then
    moments = {tonumber(burst), burst + minute, burst + hour}
    rests = {tonumber(r1), tonumber(r2), tonumber(r3)}
  end
end

local fits, was_set_back = true, false
local moments_after, rests_after = {}, {}
for i, period in ipairs(PERIODS) do
  local limit = tonumber(ARGV[i])
  local empty = now + period
  if moments[i] < now then
    moments[i], rests[i] = now, 0
  elseif moments[i] > empty or (moments[i] == empty and rests[i] > 0) then
    moments[i], rests[i] = empty, 0
    was_set_back = true
  end
  local rest = rests[i] + cost * (period % limit)
  moments_after[i] = moments[i] + cost * math.floor(period / limit) + math.floor(rest / limit)
  rests_after[i] = rest % limit
  if moments_after[i] > empty or (moments_after[i] == empty and rests_after[i] > 0) then
    fits = false
  end
end
if fits then
  moments, rests = moments_after, rests_after
end

if (fits and cost > 0) or was_set_back then
  local full = 0
  for i = 1, 3 do
    full = math.max(full, moments[i] + (rests[i] > 0 and 1 or 0))
  end
  local value = string.format('%.0f %.0f %.0f %.0f %.0f %.0f',
    moments[1], moments[2] - moments[1], moments[3] - moments[1], rests[1], rests[2], rests[3])
  redis.call('SET', KEYS[1], value, 'PXAT', string.format('%.0f', math.ceil(full / 1000)))
end
return {fits and 1 or 0, now, moments[1], rests[1], moments[2], rests[2], moments[3], rests[3]}
"""
