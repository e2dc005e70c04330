import type { Duplex } from "node:stream"
import { WebSocket } from "ws"

/** The server's end of a WebSocket. When `mute` it leaves the client's close frame unanswered. */
export class Peer extends WebSocket {
  mute = false

  override close(code?: number, reason?: string | Buffer) {
    if (!this.mute) super.close(code, reason)
  }
}

/** The server's end of a connection, and the socket below it. */
export interface Wires {
  readonly peer: Peer
  readonly socket: Duplex
}
