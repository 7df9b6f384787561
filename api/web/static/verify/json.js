// JSON from strangers: bounded, no name twice, no fractions, nothing that two programs could read differently.

import { malformed, text } from "./bytes.js";

const DEPTH = 8;
const WHOLE = /-?(?:0|[1-9][0-9]*)/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const BLANK = /[ \t\n\r]*/y;
const WORDS = { true: true, false: false, null: null };

export function loadJson(what, bytes, limit, depth = DEPTH) {
  if (bytes.length > limit) throw malformed(`${what}: got ${bytes.length} bytes, expected at most ${limit}`);
  return new Reader(what, text(what, bytes), depth).whole();
}

class Reader {
  constructor(what, source, depth) {
    Object.assign(this, { what, source, depth, at: 0 });
  }

  whole() {
    const value = this.value(0);
    this.blank();
    if (this.at !== this.source.length) this.refuse("got more after the end");
    return value;
  }

  refuse(why) {
    throw malformed(`${this.what}: ${why}, expected plain JSON`);
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found === null) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  blank() {
    this.take(BLANK);
  }

  next(letter) {
    this.blank();
    if (this.source[this.at] !== letter) return false;
    this.at += 1;
    return true;
  }

  value(level) {
    if (level > this.depth) this.refuse(`got JSON nested deeper than ${this.depth}`);
    this.blank();
    const letter = this.source[this.at];
    if (letter === "{") return this.object(level);
    if (letter === "[") return this.array(level);
    if (letter === '"') return this.string();
    for (const [word, value] of Object.entries(WORDS)) {
      if (this.source.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  number() {
    const digits = this.take(WHOLE);
    if (digits === null || /[.eE]/.test(this.source[this.at] ?? "")) this.refuse("got no whole number");
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) this.refuse("got a number beyond 2^53");
    return value;
  }

  string() {
    const quoted = this.take(STRING);
    if (quoted === null) this.refuse("got no string");
    return JSON.parse(quoted);
  }

  object(level) {
    const found = Object.create(null);
    this.at += 1;
    if (this.next("}")) return found;
    do {
      this.blank();
      const name = this.string();
      if (name in found) this.refuse("got a name twice in one object");
      if (!this.next(":")) this.refuse("got a name without a value");
      found[name] = this.value(level + 1);
    } while (this.next(","));
    if (!this.next("}")) this.refuse("got an object that does not end");
    return found;
  }

  array(level) {
    const found = [];
    this.at += 1;
    if (this.next("]")) return found;
    do found.push(this.value(level + 1));
    while (this.next(","));
    if (!this.next("]")) this.refuse("got a list that does not end");
    return found;
  }
}

// RFC 8785 for what is used here: whole numbers, strings, true, false, null.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

// The value of these very bytes, which must be the canonical ones.
export function loadCanonical(what, bytes, limit, depth) {
  const value = loadJson(what, bytes, limit, depth);
  if (canonical(value) !== text(what, bytes)) throw malformed(`${what}: got other bytes than the canonical ones (RFC 8785)`);
  return value;
}
