-- Runs after the rows are in: faster than keeping indexes up to date row by row, and no trigger
-- counts the load itself as changes of the menu.

-- A row's store_id must be its category's: then "by category" and "by store" find the same rows.
ALTER TABLE cachelab.categories ADD UNIQUE (id, store_id);
ALTER TABLE cachelab.themes ADD FOREIGN KEY (store_id) REFERENCES cachelab.stores ON DELETE CASCADE;
ALTER TABLE cachelab.categories ADD FOREIGN KEY (store_id) REFERENCES cachelab.stores ON DELETE CASCADE;
ALTER TABLE cachelab.products ADD FOREIGN KEY (category_id, store_id)
  REFERENCES cachelab.categories (id, store_id) ON DELETE CASCADE;
ALTER TABLE cachelab.option_groups ADD FOREIGN KEY (category_id, store_id)
  REFERENCES cachelab.categories (id, store_id) ON DELETE CASCADE;
ALTER TABLE cachelab.promotions ADD FOREIGN KEY (category_id, store_id)
  REFERENCES cachelab.categories (id, store_id) ON DELETE CASCADE;

CREATE INDEX ON cachelab.categories (store_id, position);
CREATE INDEX ON cachelab.products (category_id, position);
CREATE INDEX ON cachelab.products (store_id);
CREATE INDEX ON cachelab.option_groups (category_id, position);
CREATE INDEX ON cachelab.option_groups (store_id);
CREATE INDEX ON cachelab.promotions (category_id, position);
CREATE INDEX ON cachelab.promotions (store_id);

-- Every change of a dish raises its store's menu_version in the same transaction. The UPDATE takes
-- the store's row lock, which lasts until the commit: a second writer waits, then counts on from
-- what the first committed, so the order of versions is the order of commits (a sequence does not
-- give that). BEFORE, so that the changed dish gets the number without a second UPDATE, which would
-- fire this trigger again. A transaction that changes several dishes should lock the store first:
-- two of them that share dishes could otherwise wait for each other.
CREATE FUNCTION cachelab.raise_menu_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    UPDATE cachelab.stores SET menu_version = menu_version + 1 WHERE id = OLD.store_id;
    RETURN OLD;
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.store_id <> OLD.store_id THEN
    UPDATE cachelab.stores SET menu_version = menu_version + 1 WHERE id = OLD.store_id;
  END IF;
  UPDATE cachelab.stores SET menu_version = menu_version + 1 WHERE id = NEW.store_id
    RETURNING menu_version INTO NEW.version;
  NEW.updated_at := clock_timestamp();
  RETURN NEW;
END $$;

-- The lab's reset between two trials says `SET LOCAL cachelab.silent = 'on'`: unlike DISABLE TRIGGER
-- that needs no lock on the table, for which an autovacuum under way would let it wait.
CREATE TRIGGER raise_menu_version BEFORE INSERT OR UPDATE OR DELETE ON cachelab.products
  FOR EACH ROW WHEN (current_setting('cachelab.silent', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION cachelab.raise_menu_version();

-- Emptying the table changes every menu, and fires no trigger of its rows.
CREATE FUNCTION cachelab.raise_all_menu_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE cachelab.stores SET menu_version = menu_version + 1;
  RETURN NULL;
END $$;

CREATE TRIGGER raise_all_menu_versions AFTER TRUNCATE ON cachelab.products
  FOR EACH STATEMENT WHEN (current_setting('cachelab.silent', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION cachelab.raise_all_menu_versions();

-- Tells listeners which store changed, at commit; the same payload twice in one transaction arrives
-- once. Transactions that notify commit one after the other, so where nobody listens (the outbox needs
-- no message from the writer) `cachelab.notify = 'off'` keeps the versions and leaves this out.
CREATE FUNCTION cachelab.notify_product_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM pg_notify('product_changes', id::text) FROM cachelab.stores;
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    PERFORM pg_notify('product_changes', OLD.store_id::text);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM pg_notify('product_changes', NEW.store_id::text);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER notify_product_change AFTER INSERT OR UPDATE OR DELETE ON cachelab.products
  FOR EACH ROW WHEN (current_setting('cachelab.silent', true) IS DISTINCT FROM 'on'
    AND current_setting('cachelab.notify', true) IS DISTINCT FROM 'off')
  EXECUTE FUNCTION cachelab.notify_product_change();
CREATE TRIGGER notify_product_truncate AFTER TRUNCATE ON cachelab.products
  FOR EACH STATEMENT WHEN (current_setting('cachelab.silent', true) IS DISTINCT FROM 'on'
    AND current_setting('cachelab.notify', true) IS DISTINCT FROM 'off')
  EXECUTE FUNCTION cachelab.notify_product_change();

-- Tells who keeps a list of stores, or remembers that one does not exist, of each new slug.
CREATE FUNCTION cachelab.notify_store_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('store_changes', NEW.slug);
  RETURN NULL;
END $$;

CREATE TRIGGER notify_store_change AFTER INSERT OR UPDATE OF slug ON cachelab.stores
  FOR EACH ROW EXECUTE FUNCTION cachelab.notify_store_change();

-- Rows came with their ids; new ones continue after them.
SELECT setval(pg_get_serial_sequence('cachelab.' || name, 'id'), top)
FROM (
  SELECT 'stores' AS name, max(id) AS top FROM cachelab.stores
  UNION ALL SELECT 'categories', max(id) FROM cachelab.categories
  UNION ALL SELECT 'products', max(id) FROM cachelab.products
  UNION ALL SELECT 'option_groups', max(id) FROM cachelab.option_groups
  UNION ALL SELECT 'promotions', max(id) FROM cachelab.promotions
) AS tops;
