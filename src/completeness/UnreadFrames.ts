/** Frames that could not be read since the last one that proved that nothing was missing. */
export class UnreadFrames {
  readonly #unnumbered: boolean
  #some = false
  #now = false

  /** Where nothing is numbered, only an event that is new can stand behind what could not be read. */
  constructor(unnumbered: boolean) {
    this.#unnumbered = unnumbered
  }

  get some(): boolean {
    return this.#some
  }

  /** Something in a frame could not be read; to be told before the events of that frame. */
  add(): void {
    this.#some = this.#now = true
  }

  /** All events of a frame have been judged. */
  frameEnded(): void {
    if (this.#unnumbered) return
    this.#some = this.#now
    this.#now = false
  }

  clear(): void {
    this.#some = this.#now = false
  }
}
