-- An answer is noted, without a status, with the operations that shall lead to it.
ALTER TABLE answer ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE answer ADD COLUMN operations TEXT NOT NULL DEFAULT '[]';
