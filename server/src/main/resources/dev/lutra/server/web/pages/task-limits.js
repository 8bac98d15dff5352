// What a task may ask for. The ranges are those of the protocol, as the server tells them (task-limits.json); a device looks again.

const camel = name => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** Why a task is not taken, in one line that names field, value and range; undefined if it may be. */
export function problemOf(task, limits) {
  for (const [path, range] of Object.entries(limits.ranges)) {
    const problem = outOfRange(task, path.split('.'), '', range);
    if (problem) {
      return problem;
    }
  }
  return tooLarge(task.inputs ?? [], limits.mostValues) ?? contradiction(task.rules ?? {});
}

function outOfRange(message, [name, ...inner], where, range) {
  const value = message[camel(name)];
  if (inner.length === 0) {
    return problem(value, where + name, range);
  }
  const messages = Array.isArray(value) ? value.map((item, i) => [item, `${where}${name}[${i}].`])
    : value === undefined ? [] : [[value, `${where}${name}.`]];
  return first(messages, ([item, there]) => outOfRange(item, inner, there, range));
}

function problem(value, name, range) {
  if (range.any) {
    return undefined;
  }
  if (range.items > 0) {
    const items = Array.isArray(value) ? value : Object.keys(value ?? {});
    if (items.length > range.items) {
      return `${name}: ${items.length} of them (expected: at most ${range.items})`;
    }
    return Array.isArray(value) && typeof value[0] !== 'object'
      ? first(value.map((item, i) => [item, i]), ([item, i]) => problemOfOne(item, `${name}[${i}]`, range)) : undefined;
  }
  return problemOfOne(value ?? 0, name, range);
}

function problemOfOne(value, name, { least, most, aboveLeast }) {
  const number = Number(value);
  if ((aboveLeast ? number > least : number >= least) && number <= most) {
    return undefined;
  }
  return `${name}: ${value} (expected: ${aboveLeast ? `more than ${least}, at most ${most}` : `${least} to ${most}`})`;
}

function tooLarge(inputs, mostValues) {
  const large = inputs.find(({ shape = [] }) => shape.reduce((values, extent) => values * Number(extent), 1) > mostValues);
  return large && `input ${large.name}: shape [${large.shape.join(', ')}] (expected: at most ${mostValues} values)`;
}

function contradiction({ minWarmupNanos = 0, maxWarmupNanos = 0, sliceNanos = 0, maxMeasureNanos = 0 }) {
  if (Number(minWarmupNanos) > Number(maxWarmupNanos)) {
    return `rules.min_warmup_nanos: ${minWarmupNanos} (expected: at most max_warmup_nanos, ${maxWarmupNanos})`;
  }
  if (Number(sliceNanos) > Number(maxMeasureNanos)) {
    return `rules.slice_nanos: ${sliceNanos} (expected: at most max_measure_nanos, ${maxMeasureNanos})`;
  }
  return undefined;
}

function first(items, problemOfItem) {
  for (const item of items) {
    const problem = problemOfItem(item);
    if (problem) {
      return problem;
    }
  }
  return undefined;
}
