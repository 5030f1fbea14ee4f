-- A shop with two experiments and their true effects, the same every time: every die is a digest.
-- new_checkout: 30 % of control order within a week of the exposure, 36 % of the new checkout; one order in five is refunded.
-- new_banner: an Android release lost 4 of 10 exposures of the banner, so its split is broken.
CREATE MACRO die(name, unit) AS CAST(CONCAT('0x', SUBSTR(MD5(CONCAT(name, ':', unit)), 1, 8)) AS BIGINT) / 4294967296.0;

CREATE TABLE users AS
SELECT
  CAST(user_id AS INTEGER) AS user_id,
  CASE WHEN die('os', user_id) < 0.6 THEN 'android' ELSE 'ios' END AS os,
  -- How eager a user is to buy, before and after the exposure alike.
  die('eager', user_id) AS eager,
  TIMESTAMP '2026-03-02 00:00:00' + to_seconds(CAST(FLOOR(14 * 86400 * die('exposed', user_id)) AS BIGINT)) AS exposed_at
FROM RANGE(1, 12001) AS ids(user_id);

CREATE TABLE exposures AS
SELECT user_id, 'new_checkout' AS experiment, variant, exposed_at, os
FROM (SELECT *, CASE WHEN die('checkout', user_id) < 0.5 THEN 'control' ELSE 'new' END AS variant FROM users) AS assigned
UNION ALL
SELECT user_id, 'new_banner', variant, exposed_at + INTERVAL 5 MINUTE, os
FROM (SELECT *, CASE WHEN die('banner', user_id) < 0.5 THEN 'control' ELSE 'banner' END AS variant FROM users) AS assigned
WHERE NOT (variant = 'banner' AND os = 'android' AND die('lost', user_id) < 0.4)
ORDER BY exposed_at, user_id, experiment;

CREATE TABLE orders AS
WITH
  checkout AS (SELECT user_id, variant FROM exposures WHERE experiment = 'new_checkout'),
  chances AS (
    SELECT user_id, 'before' AS period, 0.1 + 0.4 * eager AS chance, exposed_at - INTERVAL 14 DAY AS from_at, 14 AS days FROM users
    UNION ALL
    SELECT user_id, 'after', 0.1 + 0.4 * eager + CASE WHEN variant = 'new' THEN 0.06 ELSE 0 END, exposed_at, 7
    FROM users JOIN checkout USING (user_id)
  )
SELECT
  ROW_NUMBER() OVER (ORDER BY user_id, period DESC) AS order_id,
  user_id,
  from_at + to_seconds(CAST(FLOOR(days * 86400 * die(CONCAT('when ', period), user_id)) AS BIGINT)) AS ordered_at,
  CAST(200 + 1800 * die(CONCAT('amount ', period), user_id) AS DECIMAL(10, 2)) AS amount_inr,
  die(CONCAT('refund ', period), user_id) < 0.2 AS is_refunded
FROM chances
WHERE die(CONCAT('order ', period), user_id) < chance
ORDER BY ordered_at, order_id;
