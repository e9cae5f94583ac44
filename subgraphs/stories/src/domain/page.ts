/** At most `limit` rows that come after `after`, in ascending order. */
export interface Page<Position> {
  readonly limit: number
  readonly after: Position | undefined
}
