/** What keeps a history from being downloaded, for a person: what, where, what would be right. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
}
