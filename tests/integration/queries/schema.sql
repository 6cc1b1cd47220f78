-- Small tables with every type, awkward names, and times around clock changes.
CREATE EXTENSION citext;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "complicated"');
CREATE SCHEMA "odd schema";
CREATE TYPE "odd schema"."Größe" AS ENUM ('S', 'M', 'L');
CREATE DOMAIN percentage AS numeric(5, 2) CHECK (value BETWEEN 0 AND 100);

CREATE TABLE person (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    nick varchar(20),
    code character(4),
    email citext,
    mood mood,
    manager bigint REFERENCES person,
    born date,
    height real,
    weight double precision,
    active boolean,
    points smallint,
    score percentage,
    balance numeric,
    token uuid,
    address inet,
    avatar bytea,
    wakes time,
    wakes_there time with time zone,
    shift interval,
    tags text[],
    profile json,
    settings jsonb,
    seen timestamptz
);
INSERT INTO person VALUES
    (1, 'Ada', 'ada', 'A1', 'Ada@Example.org', 'ok', NULL, '1815-12-10', 1.65, 55.1, true, 32767, 99.99,
     12345678901234567890.123456789012345678901234567890, '00000000-0000-0000-0000-000000000001', '10.0.0.1',
     '\x00ff', '06:30', '06:30:00.000001+01', '1 mon 2 days 03:04:05.6', '{a,"b,c",NULL}', '{"a": 1, "b": [1.50]}',
     '{"dark": true}', '2024-03-10 06:59:59.999999+00'),
    (2, 'Blaise', 'Pascal''s', 'B', 'blaise@example.org', 'sad', 1, '1623-06-19', 1.7, 70, false, -32768, 0,
     -0.5, '00000000-0000-0000-0000-000000000002', '10.0.0.0/8',
     '', '23:59:59.999999', '12:00-08', '-00:00:01', '{}', 'null', '[]', '2024-03-10 07:00:00+00'),
    (3, 'Carl "the prince"', NULL, 'CCCC', 'CARL@example.org', 'it''s "complicated"', 1, '1777-04-30', 'NaN', 'Infinity', NULL, 0, 50.5,
     'NaN', NULL, '::1', NULL, '00:00', NULL, '1 year', NULL, NULL, 'null', NULL),
    (4, 'Даша 😀', '100%_\', NULL, NULL, NULL, 2, NULL, NULL, '-Infinity', true, NULL, NULL,
     NULL, '00000000-0000-0000-0000-000000000004', NULL, '\xdeadbeef', NULL, '00:00+00', NULL, '{"😀"}', '[1, 2]', '{"a": {"b": null}}',
     '2024-11-03 05:30:00+00'),
    (5, 'Emmy', 'emmy', 'E 5', 'emmy@example.org', 'ok', 3, '1882-03-23', 0.1, 0.1, true, 5, 12.3,
     1e-20, '00000000-0000-0000-0000-000000000005', '192.168.1.5/24', '\x61', '06:30', '06:30+00', 'P1DT2H', '{x}', '"text"', '1',
     '2024-03-15 11:00:00+00'),
    (6, '''; DROP TABLE person; --', '$1', '''', 'emmy@example.org', 'sad', NULL, '2024-02-29', 1.5, 1e300, false, 5, 12.3,
     10.00, NULL, '10.0.0.1', NULL, NULL, NULL, '-1 days +02:00', '{NULL}', '{}', '{}', '2024-03-15 12:00:00+00');

-- Facts. Persons 4 and 6 bought nothing; person 9 is not known.
CREATE TABLE purchase (
    id integer PRIMARY KEY,
    person bigint,
    region text,
    product text,
    quantity integer,
    price numeric(10, 3),
    made timestamptz,
    noted timestamp,
    day date
);
INSERT INTO purchase
SELECT
    i,
    (ARRAY[1, 1, 2, 3, 5, 9, NULL])[i % 7 + 1],
    (ARRAY['north', 'south', NULL])[i % 3 + 1],
    (ARRAY['tea', 'coffee'])[i % 2 + 1],
    CASE WHEN i % 11 <> 0 THEN (i * 37) % 19 - 3 END,
    round((i * 7919 % 10007) / 97.0, 3),
    timestamptz '2023-12-30 22:15:00+00' + i * interval '41 hours 7 minutes',
    timestamp '2023-12-30 22:15:00' + i * interval '41 hours 7 minutes',
    date '2023-12-30' + (i * 5) / 3
FROM generate_series(1, 120) AS i;

CREATE TABLE stock (
    region text, product text, units integer NOT NULL, PRIMARY KEY (region, product)
);
INSERT INTO stock VALUES ('north', 'tea', 10), ('north', 'coffee', 0), ('south', 'tea', 7), ('west', 'tea', 3);

-- Moments around clock changes, in UTC.
CREATE TABLE event (at timestamptz, noted timestamp, kind text, weight numeric);
INSERT INTO event VALUES
    -- New York springs forward at 2024-03-10 07:00 and falls back at 2024-11-03 06:00.
    ('2024-03-10 04:59:59+00', '2024-03-09 23:59:59', 'spring', 1),
    ('2024-03-10 05:00:00+00', '2024-03-10 00:00:00', 'spring', 2),
    ('2024-03-10 06:30:00+00', '2024-03-10 01:30:00', 'spring', 3),
    ('2024-03-10 07:00:00+00', '2024-03-10 03:00:00', 'spring', 4),
    ('2024-03-12 03:59:59+00', '2024-03-11 23:59:59', 'spring', 5),
    ('2024-11-03 05:30:00+00', '2024-11-03 01:30:00', 'autumn', 6),
    ('2024-11-03 06:30:00+00', '2024-11-03 01:30:00', 'autumn', 7),
    ('2024-11-04 04:59:00+00', '2024-11-03 23:59:00', 'autumn', 8),
    ('2024-11-05 05:00:00+00', '2024-11-05 00:00:00', 'autumn', 9),
    -- Sao Paulo had no midnight on 2018-11-04: at 03:00 clocks went from 00:00 to 01:00.
    ('2018-11-04 02:59:59+00', '2018-11-03 23:59:59', 'no midnight', 10),
    ('2018-11-04 03:00:00+00', '2018-11-04 01:00:00', 'no midnight', 11),
    ('2018-11-06 01:59:59+00', '2018-11-05 23:59:59', 'no midnight', 12),
    -- Lord Howe moves by half an hour: 2024-04-06 15:00 is 02:00, then 01:30.
    ('2024-04-06 14:45:00+00', '2024-04-07 01:45:00', 'half an hour', 13),
    ('2024-04-06 15:15:00+00', '2024-04-07 01:45:00', 'half an hour', 14),
    ('2024-04-06 17:00:00+00', '2024-04-07 03:30:00', 'half an hour', NULL),
    -- No bucket can be counted up to these.
    (NULL, NULL, 'unknown', 15),
    ('infinity', 'infinity', 'never', 16),
    ('-infinity', '-infinity', 'never', 17);

CREATE TABLE nothing (at timestamptz, day date, kind text, n integer);

-- Names that would be SQL if they were not quoted.
CREATE TABLE "odd schema"."select ""from"" $1; -- ✈️" (
    "order" integer PRIMARY KEY,
    "a""b" text,
    "$1" numeric,
    "😀 count(*)" "odd schema"."Größe",
    "'; DROP TABLE person; --" text,
    "UPPER lower" timestamptz,
    "c0" integer,
    "t0" integer
);
INSERT INTO "odd schema"."select ""from"" $1; -- ✈️" VALUES
    (1, 'x', 1.50, 'S', E'\\', '2024-01-01+00', 10, 3),
    (2, 'y"', 2.25, 'L', E'\n\t', '2024-01-02+00', 10, 2),
    (3, '', NULL, 'M', '$$', NULL, 20, 1);

CREATE VIEW adult AS SELECT id, name, active FROM person WHERE born < '2000-01-01';
