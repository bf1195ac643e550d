-- The outbox: which menus changed, written by the transaction that changed them, so that neither is ever there without the
-- other. An invalidator polls it; server/invalidator/outbox.ts says how.

CREATE TABLE cachelab.product_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Null: all stores.
  store_id integer,
  -- What the copy is filed under; a deleted store cannot be asked for it any more.
  slug text,
  -- Ids are given out at the INSERT, in another order than that of the commits: who asks for `id > last` misses the rows of a
  -- transaction that began earlier and commits later. With the transaction's number a reader can compare snapshots.
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  -- The store's, after the change; null where there is no such store any more.
  menu_version integer,
  -- Not now(), which is the beginning of the transaction: the delay of the invalidation is counted from here.
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- However many dishes a transaction changes, each of its stores has one row.
  UNIQUE (xid, store_id)
);

-- How far each invalidator has come; one per prefix of Redis keys.
CREATE TABLE cachelab.invalidators (
  key_prefix text PRIMARY KEY,
  -- Every change that this snapshot sees is applied.
  snapshot pg_snapshot NOT NULL,
  -- The Redis process in which it was applied.
  redis_identity text NOT NULL,
  saved_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION cachelab.record_changes(store_ids integer[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO cachelab.product_changes (store_id, slug, menu_version)
  SELECT id, slug, menu_version FROM cachelab.stores WHERE id = ANY (store_ids)
  ON CONFLICT (xid, store_id) DO UPDATE
    SET menu_version = excluded.menu_version, changed_at = excluded.changed_at;
$$;

-- Once per statement, not per dish: a bulk update of 10,000 dishes of one store writes one row.
CREATE FUNCTION cachelab.record_product_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  CASE TG_OP
    WHEN 'INSERT' THEN
      PERFORM cachelab.record_changes(ARRAY(SELECT DISTINCT store_id FROM new_rows));
    WHEN 'DELETE' THEN
      PERFORM cachelab.record_changes(ARRAY(SELECT DISTINCT store_id FROM old_rows));
    WHEN 'UPDATE' THEN
      PERFORM cachelab.record_changes(
        ARRAY(SELECT store_id FROM old_rows UNION SELECT store_id FROM new_rows));
    WHEN 'TRUNCATE' THEN
      INSERT INTO cachelab.product_changes DEFAULT VALUES;
  END CASE;
  RETURN NULL;
END $$;

CREATE FUNCTION cachelab.record_store_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Its dishes may have gone before it, in the same transaction.
  INSERT INTO cachelab.product_changes (store_id, slug) SELECT id, slug FROM old_rows
  ON CONFLICT (xid, store_id) DO UPDATE SET menu_version = NULL, changed_at = excluded.changed_at;
  RETURN NULL;
END $$;

-- A trigger with transition tables may name only one event.
CREATE TRIGGER record_product_insert AFTER INSERT ON cachelab.products
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT WHEN (current_setting('cachelab.silent', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION cachelab.record_product_change();
CREATE TRIGGER record_product_update AFTER UPDATE ON cachelab.products
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT WHEN (current_setting('cachelab.silent', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION cachelab.record_product_change();
CREATE TRIGGER record_product_delete AFTER DELETE ON cachelab.products
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT WHEN (current_setting('cachelab.silent', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION cachelab.record_product_change();
CREATE TRIGGER record_product_truncate AFTER TRUNCATE ON cachelab.products
  FOR EACH STATEMENT WHEN (current_setting('cachelab.silent', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION cachelab.record_product_change();
CREATE TRIGGER record_store_deletion AFTER DELETE ON cachelab.stores
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT WHEN (current_setting('cachelab.silent', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION cachelab.record_store_deletion();
