-- Whether an admin locked it, and not somebody of its project: a member does not
-- undo what an admin did.
ALTER TABLE server_lock ADD COLUMN admin INTEGER NOT NULL DEFAULT 1;
