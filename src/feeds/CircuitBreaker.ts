/** When a feed whose frames do not parse gives up its connection. */
export interface Options {
  readonly windowMillis: number
  readonly minimumFrames: number
  /** Share of frames that failed, 0 to 1. */
  readonly failureShare: number
}

export const defaults: Options = { windowMillis: 60_000, minimumFrames: 100, failureShare: 0.5 }

/** Counts frames that parsed and frames that did not, within a sliding window. */
export interface CircuitBreaker {
  /** Counts one frame; true when too many of the window's frames have failed. */
  readonly record: (parsed: boolean, nowMillis: number) => boolean
}

const slots = 60

/** The window slides in sixtieths of its length. */
export const makeCircuitBreaker = (options: Options = defaults): CircuitBreaker => {
  const slotMillis = options.windowMillis / slots
  const frames = new Float64Array(slots)
  const failures = new Float64Array(slots)
  let slot = -1
  let totalFrames = 0
  let totalFailures = 0

  const advance = (to: number) => {
    const first = Math.max(slot + 1, to - slots + 1)
    for (let i = first; i <= to; i++) {
      const index = i % slots
      totalFrames -= frames[index]!
      totalFailures -= failures[index]!
      frames[index] = 0
      failures[index] = 0
    }
    slot = to
  }

  return {
    record: (parsed, nowMillis) => {
      const now = Math.floor(nowMillis / slotMillis)
      if (now > slot) advance(now)
      const index = slot % slots
      frames[index] = frames[index]! + 1
      totalFrames++
      if (parsed) return false
      failures[index] = failures[index]! + 1
      totalFailures++
      return totalFrames >= options.minimumFrames && totalFailures >= totalFrames * options.failureShare
    }
  }
}
