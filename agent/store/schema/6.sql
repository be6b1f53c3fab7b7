-- The ID of the request that was answered, by which its caller knows what it began.
ALTER TABLE answer ADD COLUMN id TEXT NOT NULL DEFAULT '';
