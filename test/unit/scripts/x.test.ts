import { describe, it } from 'mocha';
describe('x', () => { it('a', () => {}); it('b'); it('c', () => { throw new Error('x'); }); });
