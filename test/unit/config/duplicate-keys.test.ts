import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { keyTwice } from '#config/duplicate-keys.ts';

describe('keys that stand twice', () => {
  it('CF-3 names the first one by its path, however it is written', () => {
    assert.equal(keyTwice('{"a":1,"a":2}'), 'a');
    assert.equal(keyTwice('{"x":{"b":[1,{"c":1,"d":{},"c":3}]}}'), 'x.b.1.c');
    assert.equal(keyTwice(String.raw`{"max":1,"m\u0061x":2}`), 'max');
    assert.equal(keyTwice(String.raw`{"a":"\"a\":1,{","b":"\\","a":0}`), 'a');
  });

  it('CF-3 finds none in JSON that was written from a value, and each that is put in', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => keyTwice(JSON.stringify(value, null, 1)) === null));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.jsonValue(), fc.nat(), (record, other, pick) => {
        const keys = Object.keys(record);
        const key = keys[pick % keys.length] ?? '';
        assert.equal(keyTwice(`${JSON.stringify(record).slice(0, -1)},${JSON.stringify(key)}:${JSON.stringify(other)}}`), key);
      }),
    );
  });
});
