// Holds what the page refuses to what the server and the native agent refuse: by the same vectors, with the ranges that the server tells.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { problemOf } from '../../main/resources/dev/lutra/server/web/pages/task-limits.js';

const vectors = JSON.parse(readFileSync(new URL('task-limits.json', import.meta.url), 'utf8'));
const limits = JSON.parse(readFileSync(process.env.LUTRA_TASK_LIMITS, 'utf8'));

for (const { what, task, problem } of vectors) {
  test(what ?? problem, () => assert.equal(problemOf(task, limits), problem));
}
