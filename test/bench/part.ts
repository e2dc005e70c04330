/** How thoroughly to measure. */
export interface Form {
  /** Seconds instead of minutes, for a machine that also does other things. */
  readonly short: boolean
  /** How long the soak lasts. */
  readonly soakMinutes: number
}
