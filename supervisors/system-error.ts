/** What keeps a system from booting that a person can put right: exit 2. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
}
