import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { REQUESTS } from '#venues/embedded/tws/codec/client-messages.ts';
import { encodeFrame, FrameReader, isHello } from '#venues/embedded/tws/codec/frame.ts';
import { blank, decode, encode, WireError, type Layout } from '#venues/embedded/tws/codec/layout.ts';
import { MESSAGES } from '#venues/embedded/tws/codec/server-messages.ts';
import { CLIENT_FRAMES, SERVER_FRAMES } from './recorded-frames.ts';

const VERSIONS = [177, 178, 179, 182, 183, 184, 185, 186, 187, 188, 189, 190, 192, 193];
const LAYOUTS: readonly Layout[] = [...Object.values(REQUESTS), ...Object.values(MESSAGES)];

/** Any text that a field can hold. */
const word = fc.string({ maxLength: 12 }).filter((text) => !text.includes('\0'));
/** Decimal text. */
const number = fc.tuple(fc.integer(), fc.nat(9999)).map(([whole, part]) => `${whole}.${part}`);

/** A row of the message with values of the kind that its blank has. Optional values take what is both an integer and a decimal. */
function rowOf(message: Layout): fc.Arbitrary<Record<string, unknown>> {
  const values = Object.entries(blank(message) as Record<string, unknown>).map(([name, unset]): [string, fc.Arbitrary<unknown>] => {
    if (typeof unset === 'boolean') return [name, fc.boolean()];
    if (typeof unset === 'number') return [name, fc.integer()];
    if (Array.isArray(unset)) return [name, fc.constant([])];
    if (unset === null) return [name, fc.oneof(fc.constant(null), fc.nat(2_000_000_000).map(String))];
    return [name, unset === '0' ? number : word];
  });
  return fc.record(Object.fromEntries(values));
}

describe('TWS wire: messages', () => {
  it('of every message what is written reads back, and writes the same again, at every server version', () => {
    for (const message of LAYOUTS) {
      fc.assert(
        fc.property(rowOf(message), fc.constantFrom(...VERSIONS), (row, version) => {
          const written = encode(message, row, version);
          const read = decode(message, written, version);
          assert.deepEqual(encode(message, read, version), written);
          for (const [name, value] of Object.entries(read as Record<string, unknown>)) {
            if (value !== null && !Array.isArray(value) && value !== (blank(message) as Record<string, unknown>)[name]) {
              assert.equal(String(value), String(row[name]), `${message.name}.${name}`);
            }
          }
        }),
        { numRuns: 40 },
      );
    }
  });

  it('a field too few or too many is an error that names the message', () => {
    for (const message of LAYOUTS) {
      const written = encode(message, blank(message), 193);
      assert.throws(() => decode(message, [...written, 'more'], 193), new RegExp(`${message.name}: 1 fields too many`));
      if (written.length > 1) assert.throws(() => decode(message, written.slice(0, -1), 193), WireError, message.name);
    }
  });

  it('openOrder has 141 fields at 193 and 135 at 182; completedOrder 102 and 100', () => {
    const count = (message: Layout, version: number): number => encode(message, { ...blank(message), deltaNeutralType: 'None' }, version).length;
    assert.deepEqual(
      [193, 189, 186, 185, 184, 183, 182].map((version) => count(MESSAGES.openOrder, version)),
      [141, 139, 138, 138, 137, 136, 135],
    );
    assert.deepEqual(
      [193, 184, 183, 182].map((version) => count(MESSAGES.completedOrder, version)),
      [102, 102, 101, 100],
    );
  });

  it('lists and what hangs on them read back', () => {
    const orders = {
      ...blank(REQUESTS.placeOrder),
      secType: 'BAG',
      orderType: 'PEG BENCH',
      algoStrategy: 'Adaptive',
      hedgeType: 'D',
      deltaNeutralType: 'MKT',
    };
    const legs = [{ conId: 1, ratio: 2, action: 'BUY', exchange: 'SMART', openClose: 0, shortSaleSlot: 0, designatedLocation: '', exemptCode: -1 }];
    const price = {
      kind: 1,
      conjunction: 'a',
      isMore: '1',
      value: '5',
      conId: 9,
      exchange: 'SMART',
      triggerMethod: 0,
      secType: '',
      executionExchange: '',
      symbol: '',
    };
    const row = {
      ...orders,
      legs,
      legPrices: [{ price: '1.5' }],
      algoParams: [{ tag: 'adaptivePriority', value: 'Normal' }],
      conditions: [price],
      conditionsIgnoreRth: '1',
    };
    for (const version of VERSIONS) {
      const read = decode(REQUESTS.placeOrder, encode(REQUESTS.placeOrder, row, version), version);
      assert.deepEqual(read, row);
    }
  });

  it('every frame of the specification decodes, and is written the same', () => {
    for (const [name, version, line] of CLIENT_FRAMES) {
      const fields = line.split('|');
      assert.deepEqual(encode(REQUESTS[name] as Layout, decode(REQUESTS[name] as Layout, fields, version), version), fields, name);
    }
    for (const [name, line] of SERVER_FRAMES) {
      const fields = line.split('|');
      assert.deepEqual(encode(MESSAGES[name] as Layout, decode(MESSAGES[name] as Layout, fields, 193), 193), fields, name);
    }
  });
});

describe('TWS wire: frames', () => {
  it('a stream cut anywhere gives the same frames', () => {
    const frame = fc.array(word, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 7 }), (frames, step) => {
        const bytes = Buffer.concat(frames.map((fields) => encodeFrame(fields)));
        const reader = new FrameReader('with-frames');
        const read: unknown[] = [];
        for (let at = 0; at < bytes.length; at += step) read.push(...reader.push(bytes.subarray(at, at + step)));
        assert.deepEqual(read, frames);
      }),
    );
  });

  it('a client begins with its versions, and may add options', () => {
    const hello = (text: string): Buffer => {
      const length = Buffer.alloc(4);
      length.writeInt32BE(text.length);
      return Buffer.concat([Buffer.from('API\0'), length, Buffer.from(text)]);
    };
    const read = new FrameReader('with-hello').push(Buffer.concat([hello('v100..193 +PACEAPI'), encodeFrame(['71', '2', '7', ''])]));
    const [first, second] = read;
    assert.ok(first !== undefined && isHello(first));
    assert.deepEqual(first, { min: 100, max: 193, options: '+PACEAPI' });
    assert.deepEqual(second, ['71', '2', '7', '']);
    assert.throws(() => new FrameReader('with-hello').push(Buffer.from('GET / HTTP/1.1\r\n')), /begins with API/);
    assert.throws(() => new FrameReader('with-hello').push(hello('193')), /not a version range/);
  });

  it('lengths that cannot be are refused, and fields cannot hold a NUL', () => {
    const bad = (length: number): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeInt32BE(length);
      return bytes;
    };
    for (const length of [0, -1, 0x1000000]) assert.throws(() => new FrameReader('with-frames').push(bad(length)), WireError);
    assert.throws(() => encodeFrame(['a\0b']), /NUL/);
    const unfinished = Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from('7')]);
    assert.throws(() => new FrameReader('with-frames').push(unfinished), /does not end with a NUL/);
  });
});
