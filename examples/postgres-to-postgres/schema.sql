CREATE TABLE orders (
  id         bigserial PRIMARY KEY,
  customer   text NOT NULL,
  amount     numeric(10,2) NOT NULL,
  paid       boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON orders (updated_at, id);
INSERT INTO orders (customer, amount) SELECT 'customer ' || i, i * 1.25 FROM generate_series(1, 1000) i;
