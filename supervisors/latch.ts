/** The kill latch for the command line, which may not import actors. */
export { readLatch, writeLatch, removeLatch, type Latch } from '#actors/latch.ts';
