package lease

import "github.com/redis/go-redis/v9"

// The scripts know one key each. Redis 5 or later is needed: they write after they have asked for the time.

// renewScript sets when the leases of ARGV[2…] lapse, ARGV[1] milliseconds from now, and returns those that did not hold.
var renewScript = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local till = string.format('%.0f', now + ARGV[1])
local fresh = {}
for i = 2, #ARGV do
	local was = redis.call('ZSCORE', KEYS[1], ARGV[i])
	if not was or tonumber(was) < now then
		fresh[#fresh + 1] = ARGV[i]
	end
	redis.call('ZADD', KEYS[1], till, ARGV[i])
end
return fresh
`)

// lapsedScript returns the ids whose lease has lapsed, each with for how many milliseconds.
var lapsedScript = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now), 'WITHSCORES')
for i = 2, #found, 2 do
	found[i] = now - tonumber(found[i])
end
return found
`)

// ownAgainScript prolongs a key of ARGV[1] by ARGV[2] milliseconds; 0 if it is another's.
var ownAgainScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then
	return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
`)

// disownScript removes a key of ARGV[1].
var disownScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then
	return redis.call('DEL', KEYS[1])
end
return 0
`)
