-- What really holds, checked by the database. Not every destination is among the airports, not
-- every tail number among the planes, and not every hour among the weather: those are no keys.

ALTER TABLE airlines ADD PRIMARY KEY (carrier);
ALTER TABLE airports ADD PRIMARY KEY (faa);
ALTER TABLE planes ADD PRIMARY KEY (tailnum);
ALTER TABLE weather ADD PRIMARY KEY (origin, time_hour);
ALTER TABLE flights ADD PRIMARY KEY (time_hour, carrier, flight);

ALTER TABLE weather ADD FOREIGN KEY (origin) REFERENCES airports;
ALTER TABLE flights ADD FOREIGN KEY (carrier) REFERENCES airlines;
ALTER TABLE flights ADD FOREIGN KEY (origin) REFERENCES airports;

CREATE INDEX ON flights (carrier, dep_delay);
CREATE INDEX ON flights (origin, time_hour);
CREATE INDEX ON flights (dest);
CREATE INDEX ON flights (tailnum);

COMMENT ON TABLE airlines IS 'Airlines by their two-character code';
COMMENT ON COLUMN airlines.carrier IS 'Two-character code';

COMMENT ON TABLE airports IS 'Airports of the United States';
COMMENT ON COLUMN airports.faa IS 'Code of the Federal Aviation Administration';
COMMENT ON COLUMN airports.lat IS 'Degrees north';
COMMENT ON COLUMN airports.lon IS 'Degrees east';
COMMENT ON COLUMN airports.alt IS 'Feet above the sea';
COMMENT ON COLUMN airports.tz IS 'Hours from UTC in winter';
COMMENT ON COLUMN airports.dst IS 'Daylight saving time: A as in the US, N none, U unknown';
COMMENT ON COLUMN airports.tzone IS 'IANA time zone';

COMMENT ON TABLE planes IS 'Planes known to the Federal Aviation Administration';
COMMENT ON COLUMN planes.tailnum IS 'Tail number';
COMMENT ON COLUMN planes.year IS 'Year of manufacture';
COMMENT ON COLUMN planes.speed IS 'Average cruising speed, miles per hour';

COMMENT ON TABLE weather IS 'Hourly weather at the three airports of New York City';
COMMENT ON COLUMN weather.origin IS 'Airport the station stands at';
COMMENT ON COLUMN weather.hour IS 'Local hour';
COMMENT ON COLUMN weather.temp IS 'Temperature, degrees Fahrenheit';
COMMENT ON COLUMN weather.dewp IS 'Dew point, degrees Fahrenheit';
COMMENT ON COLUMN weather.humid IS 'Relative humidity, percent';
COMMENT ON COLUMN weather.wind_dir IS 'Wind direction, degrees';
COMMENT ON COLUMN weather.wind_speed IS 'Wind speed, miles per hour';
COMMENT ON COLUMN weather.wind_gust IS 'Speed of gusts, miles per hour';
COMMENT ON COLUMN weather.precip IS 'Precipitation, inches';
COMMENT ON COLUMN weather.pressure IS 'Pressure at sea level, millibars';
COMMENT ON COLUMN weather.visib IS 'Visibility, miles';
COMMENT ON COLUMN weather.time_hour IS 'The hour the observation belongs to';

COMMENT ON TABLE flights IS 'All flights that left New York City in 2013';
COMMENT ON COLUMN flights.year IS 'Local year of departure';
COMMENT ON COLUMN flights.month IS 'Local month of departure';
COMMENT ON COLUMN flights.day IS 'Local day of departure';
COMMENT ON COLUMN flights.dep_time IS 'Local departure time, HHMM; null for cancelled flights';
COMMENT ON COLUMN flights.sched_dep_time IS 'Scheduled local departure time, HHMM';
COMMENT ON COLUMN flights.dep_delay IS 'Departure delay in minutes, negative when early';
COMMENT ON COLUMN flights.arr_time IS 'Local arrival time, HHMM';
COMMENT ON COLUMN flights.sched_arr_time IS 'Scheduled local arrival time, HHMM';
COMMENT ON COLUMN flights.arr_delay IS 'Arrival delay in minutes, negative when early';
COMMENT ON COLUMN flights.carrier IS 'Airline';
COMMENT ON COLUMN flights.flight IS 'Flight number';
COMMENT ON COLUMN flights.tailnum IS 'Tail number of the plane';
COMMENT ON COLUMN flights.origin IS 'Airport of departure';
COMMENT ON COLUMN flights.dest IS 'Airport of arrival';
COMMENT ON COLUMN flights.air_time IS 'Minutes in the air';
COMMENT ON COLUMN flights.distance IS 'Miles between the airports';
COMMENT ON COLUMN flights.hour IS 'Scheduled local hour of departure';
COMMENT ON COLUMN flights.minute IS 'Scheduled minute of departure';
COMMENT ON COLUMN flights.time_hour IS 'Scheduled hour of departure';
