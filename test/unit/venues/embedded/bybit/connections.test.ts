import fc from 'fast-check';
import { describe, it } from 'mocha';
import assert from 'node:assert/strict';
import { activeTimeOf, Connections, IDLE_MS } from '#venues/embedded/bybit/connections.ts';

class Line {
  bytesRead = 0;
  bytesWritten = 0;
  isCut = false;
  #closed: () => void = () => undefined;

  destroy(): void {
    this.isCut = true;
    this.#closed();
  }

  once(_event: 'close', listener: () => void): void {
    this.#closed = listener;
  }
}

describe('embedded venue: silent connections', () => {
  it('are cut after ten minutes in which nothing went either way, and no others', () => {
    let now = 0;
    const connections = new Connections(() => now);
    const [silent, asks, hears] = [new Line(), new Line(), new Line()];
    for (const line of [silent, asks, hears]) connections.watch(line, null);
    now = IDLE_MS - 1;
    asks.bytesRead += 8;
    hears.bytesWritten += 8;
    assert.equal(connections.scan(), 0);
    now = IDLE_MS;
    assert.equal(connections.scan(), 1);
    assert.deepEqual([silent.isCut, asks.isCut, hears.isCut], [true, false, false]);
    now = 2 * IDLE_MS - 1;
    assert.equal(connections.scan(), 2, 'counted from when they were last heard of');
  });

  it('a time of its own counts for the one that asked for it; those that closed by themselves are forgotten', () => {
    let now = 0;
    const connections = new Connections(() => now);
    const [own, other, gone] = [new Line(), new Line(), new Line()];
    connections.watch(own, 30_000);
    for (const line of [other, gone]) connections.watch(line, null);
    gone.destroy();
    now = 30_000;
    assert.equal(connections.scan(), 1);
    assert.deepEqual([own.isCut, other.isCut], [true, false]);
    connections.setIdle(30_000);
    assert.equal(connections.scan(), 1);
    connections.stop();
  });

  it('whoever says something within every span is never cut, however often it is looked at', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 999 }), fc.boolean()), { maxLength: 50 }), (spans) => {
        let now = 0;
        const connections = new Connections(() => now);
        connections.setIdle(2000);
        connections.stop();
        const line = new Line();
        connections.watch(line, null);
        for (const [ms, reads] of spans) {
          now += ms;
          if (reads) line.bytesRead++;
          else line.bytesWritten++;
          connections.scan();
          now += ms;
          connections.scan();
        }
        assert.equal(line.isCut, false);
      }),
    );
  });

  it('max_active_time is half a minute to ten minutes, in seconds or minutes', () => {
    const asked = (text: string) => activeTimeOf(new URLSearchParams(`max_active_time=${text}`));
    assert.deepEqual(['30s', '600s', '1m', '10m'].map(asked), [30_000, 600_000, 60_000, 600_000]);
    for (const wrong of ['', '29s', '601s', '11m', '0m', '60', '1h', '1.5m', '-30s', '1ms']) assert.equal(asked(wrong), undefined, wrong);
    assert.equal(activeTimeOf(new URLSearchParams()), null);
  });
});
