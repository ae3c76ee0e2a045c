"""Both sides of a trial in JavaScript, as in Python: the tests run in one process and call the program in another.

Values cross as JSON; an object is a tag and its content: {"n": text} for numbers that JSON has not, {"u": 0} undefined,
{"I": digits} bigint, {"o": [[key, value], ...]} plain object, {"M": [[key, value], ...]} Map, {"S": [...]} Set,
{"D": ms} Date, {"r": number} what stays with the program, which can be called and read.
"""

from __future__ import annotations

import re

_SHARED = r"""
(() => {  // names of the harness are not the program's
'use strict';
const fs = require('fs');
function readExactly(fd, size) {
  const buffer = Buffer.alloc(size);
  let have = 0;
  while (have < size) {
    const n = fs.readSync(fd, buffer, have, size - have, null);
    if (n === 0) return null;
    have += n;
  }
  return buffer;
}
function receive(fd) {
  const head = readExactly(fd, 4);
  if (head === null) return null;
  const size = head.readUInt32BE(0);
  if (size > 33554432) throw new Error('a message of ' + size + ' bytes');
  const body = readExactly(fd, size);
  return body === null ? null : JSON.parse(body.toString('utf8'));
}
function send(fd, message) {
  const body = Buffer.from(JSON.stringify(message), 'utf8');
  const head = Buffer.alloc(4);
  head.writeUInt32BE(body.length, 0);
  const whole = Buffer.concat([head, body]);
  let done = 0;
  while (done < whole.length) done += fs.writeSync(fd, whole, done);
}
function encode(value, reference) {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (value === undefined) return {u: 0};
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0) ? value : {n: Object.is(value, -0) ? '-0' : String(value)};
  }
  if (typeof value === 'bigint') return {I: value.toString()};
  if (Array.isArray(value)) return Array.from(value, item => encode(item, reference));
  const pairs = list => list.map(([k, v]) => [encode(k, reference), encode(v, reference)]);
  if (value instanceof Map) return {M: pairs([...value])};
  if (value instanceof Set) return {S: [...value].map(item => encode(item, reference))};
  if (value instanceof Date) return {D: value.getTime()};
  const parent = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (parent === Object.prototype || parent === null) return {o: pairs(Object.entries(value))};
  return {r: reference(value)};
}
function decode(data, resolve) {
  if (Array.isArray(data)) return data.map(item => decode(item, resolve));
  if (data === null || typeof data !== 'object') return data;
  const tag = Object.keys(data)[0], content = data[tag];
  const pairs = list => list.map(([k, v]) => [decode(k, resolve), decode(v, resolve)]);
  switch (tag) {
    case 'u': return undefined;
    case 'n': return Number(content);
    case 'I': return BigInt(content);
    case 'M': return new Map(pairs(content));
    case 'S': return new Set(content.map(item => decode(item, resolve)));
    case 'D': return new Date(content);
    case 'o': {
      const made = {};
      for (const [k, v] of pairs(content)) {
        Object.defineProperty(made, String(k), {value: v, enumerable: true, configurable: true, writable: true});
      }
      return made;
    }
    case 'r': return resolve(content);
  }
  throw new Error('unknown tag ' + tag);
}
"""

CANDIDATE = (
    _SHARED
    + r"""
const vm = require('vm');
const objects = [], numbers = new Map();
const number = value => {
  if (!numbers.has(value)) { numbers.set(value, objects.length); objects.push(value); }
  return numbers.get(value);
};
const raised = error => ({raised: String((error && error.name) || 'Error'), text: String(error && error.message)});
function serve(request) {
  if (request.op === 'get') {
    const value = vm.runInThisContext('typeof ' + request.name + " === 'undefined' ? undefined : " + request.name);
    return {value: encode(value, number)};
  }
  const target = objects[request.ref];
  const args = (request.args || []).map(item => decode(item, n => objects[n]));
  if (request.op === 'read') return {value: encode(target[args[0]], number)};
  const result = request.op === 'make' ? new target(...args)
    : request.op === 'method' ? target[request.name](...args) : target(...args);
  const reply = {value: encode(result, number)};
  const after = args.map(item => encode(item, number));
  reply.changed = after.map((item, place) => [place, item])
    .filter(([place, item]) => JSON.stringify(item) !== JSON.stringify(request.args[place]));
  return reply;
}
globalThis.require = require;
globalThis.module = module;
let first = {value: null};
const message = receive(3), file = process.env.CODEMILL_FILE;
try {
  vm.runInThisContext(file ? fs.readFileSync(file, 'utf8') : message.source, {filename: 'solution.js'});
} catch (error) { first = raised(error); }
send(6, first);
for (let request = receive(5); request !== null; request = receive(5)) {
  let reply;
  try { reply = serve(request); } catch (error) { reply = raised(error); }
  send(6, reply);
}
process.exit(0);
})();
"""
)

CHECKER = (
    _SHARED
    + r"""
let lost = null, stuck = null;
class Gone extends Error {}
class AssertionFailed extends Error {}
function ask(request) {
  if (lost !== null) throw new Gone(lost);
  let reply;
  try {
    if (request !== null) send(6, request);
    reply = receive(5);
  } catch (error) { reply = undefined; }
  if (!reply || typeof reply !== 'object') {
    lost = reply === null ? 'the program ended' : 'the program sent no answer';
    throw new Gone(lost);
  }
  if ('raised' in reply) {
    const error = new Error(String(reply.text));
    error.name = String(reply.raised);
    throw error;
  }
  return reply;
}
const known = new WeakMap(), remotes = new Map();
function remote(n) {
  if (typeof n !== 'number') throw new Gone('a reference is a number');
  if (remotes.has(n)) return remotes.get(n);
  const call = (op, args, name) => {
    const reply = ask({op: op, ref: n, name: name, args: args.map(toProgram)});
    for (const [place, item] of reply.changed || []) takeOver(args[place], fromProgram(item));
    return fromProgram(reply.value);
  };
  const proxy = new Proxy(function () {}, {
    apply: (_, self, args) => call('call', args),
    construct: (_, args) => {
      const made = call('make', args);
      return made !== null && typeof made === 'object' || typeof made === 'function' ? made : {};
    },
    get: (_, key) => {
      if (typeof key === 'symbol') return undefined;
      if (key === 'then') return undefined;
      const value = fromProgram(ask({op: 'read', ref: n, args: [key]}).value);
      return known.has(value) ? (...args) => call('method', args, key) : value;
    },
  });
  known.set(proxy, n);
  remotes.set(n, proxy);
  return proxy;
}
function takeOver(own, fresh) {
  if (Array.isArray(own) && Array.isArray(fresh)) own.splice(0, own.length, ...fresh);
  else if (own instanceof Map || own instanceof Set) {
    own.clear();
    for (const item of fresh) own instanceof Map ? own.set(item[0], item[1]) : own.add(item);
  } else if (own !== null && typeof own === 'object') {
    for (const key of Object.keys(own)) delete own[key];
    Object.assign(own, fresh);
  }
}
const toProgram = value => encode(value, object => {
  if (known.has(object)) return known.get(object);
  stuck = 'the tests pass a ' + typeof object + ', which cannot be sent to another process';
  throw new Gone(stuck);
});
function fromProgram(data) {
  try { return decode(data, remote); } catch (error) { lost = 'the program sent no value'; throw new Gone(lost); }
}
const message = receive(3), file = process.env.CODEMILL_FILE;
const tests = file ? fs.readFileSync(file, 'utf8') : message.setup + '\n' + message.tests;
const ownConsole = Object.assign(Object.create(console), {
  assert: (held, ...message) => { if (!held) throw new AssertionFailed(message.join(' ')); },
});
const fetched = new Map([['console', ownConsole], ['require', require]]);
const scope = new Proxy({}, {
  has: (_, name) => typeof name === 'string' && (fetched.has(name) || !(name in globalThis)),
  get: (_, name) => {
    if (typeof name === 'symbol') return undefined;
    if (!fetched.has(name)) {
      if (!/^[A-Za-z_$][\w$]*$/.test(name)) throw new ReferenceError(String(name));
      const value = fromProgram(ask({op: 'get', name: name}).value);
      if (value === undefined) throw new ReferenceError(name + ' is not defined');
      fetched.set(name, value);
    }
    return fetched.get(name);
  },
  set: (_, name, value) => { fetched.set(name, value); return true; },
});
let answer = {outcome: 'passed', detail: ''};
try {
  ask(null);
  new Function('scope', 'with (scope) {' + tests + '\n}')(scope);
} catch (error) {
  answer = error instanceof AssertionFailed || (error && error.name === 'AssertionError')
    ? {outcome: 'failed', detail: 'an assertion did not hold ' + error.message}
    : {outcome: 'error', detail: String(error && error.name) + ': ' + String(error && error.message)};
  answer.detail = answer.detail.slice(0, 500);
}
if (lost !== null) answer = {outcome: 'gone', detail: lost};
if (stuck !== null) answer = {outcome: 'infrastructure', detail: stuck};
send(4, answer);
process.exit(0);
})();
"""
)


def own_part(prompt: str) -> str:
    """What a prompt defines before the function to be written, whose header is its last definition."""
    heads = list(re.finditer(r"^(?:export\s+)?(?:const|let|var|(?:async\s+)?function)\b", prompt, flags=re.MULTILINE))
    return re.sub(r"/\*(?:(?!\*/).)*\Z", "", prompt[: heads[-1].start()], flags=re.DOTALL) if heads else ""
