import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { canonicalJson, checkRecord, checkText, GENESIS, recordTail, seal, type UnsealedRecord } from '#state/chain.ts';

const first: UnsealedRecord = {
  seq: 1,
  prevHash: GENESIS.hash,
  at: 5,
  actor: 'system',
  type: 'system.stopped',
  version: 1,
  cause: null,
  body: { reason: 'x' },
};

describe('the hash chain', () => {
  it('is one link a record: number, hash of the one before, hash of the content', () => {
    const one = seal(first);
    assert.equal(checkRecord(one.record, GENESIS), null);
    assert.equal(checkRecord({ ...one.record, at: 6 }, GENESIS), 'its content does not match its hash');
    assert.equal(checkRecord({ ...one.record, seq: 2 }, GENESIS), 'it is numbered 2 and stands after 0');
    assert.equal(checkRecord({ ...one.record, prevHash: 'f'.repeat(64) }, GENESIS), 'its prevHash is not the hash of record 0');
  });

  it('seals the known record to the known hash, so that a journal outlives the release that wrote it', () => {
    assert.equal(seal(first).record.hash, '4e666c05096338f550388f42ffa0f288105fab344ceae385c50ce7d50a1c041a');
  });

  it('is checked over the very text on disk, whatever stands in the body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (body, cause) => {
        const { record, text } = seal({ ...first, cause, body });
        assert.deepEqual(checkText(text, GENESIS), recordTail(text));
        assert.equal(recordTail(text)?.hash, record.hash);
        assert.equal(checkRecord(JSON.parse(text) as typeof record, GENESIS), null);
      }),
    );
  });

  it('notices any one byte that changed', () => {
    const bytes = Buffer.from(seal({ ...first, body: { reason: 'größer ≥ 1 \u2028 😀' } }).text);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(index) ^ flip, index);
        assert.equal(typeof checkText(changed.toString('utf8'), GENESIS), 'string');
      }),
      { numRuns: 500 },
    );
  });

  it('does not take the end of a body for the end of the record', () => {
    const { text } = seal({ ...first, body: { reason: seal(first).text } });
    assert.equal(recordTail(text)?.seq, 1);
    assert.equal(typeof checkText(text, GENESIS), 'object');
  });

  it('writes equal values as equal text', () => {
    assert.equal(canonicalJson({ b: 1, a: [{ d: 2, c: 3 }] }), '{"a":[{"c":3,"d":2}],"b":1}');
    assert.throws(() => canonicalJson(undefined), TypeError);
  });
});
