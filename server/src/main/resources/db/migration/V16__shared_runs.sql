-- The one run that a token to look with is for; empty: everything.
ALTER TABLE tokens ADD COLUMN run TEXT NOT NULL DEFAULT '';
