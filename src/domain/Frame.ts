/** One WebSocket message, as bytes, with the moment it was read from the socket. */
export interface Frame {
  readonly bytes: Buffer
  /** Microseconds since the Unix epoch; never runs backwards within a connection. */
  readonly receivedAtMicros: number
}
