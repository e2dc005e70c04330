import { Context, Effect, Layer, Schema } from "effect"
import type { Venue } from "../domain/Venue.ts"

/** A token for a subscription could not be made. */
export class TokenError extends Schema.TaggedError<TokenError>()("TokenError", {
  reason: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message() {
    return this.reason
  }
}

/** Makes the tokens that go into subscribe messages. */
export class Tokens extends Context.Service<Tokens, {
  /** A fresh token for one message, or null where no credentials are configured for the venue. */
  readonly next: (venue: Venue) => Effect.Effect<string | null, TokenError>
}>()("ticklake/Tokens") {
  /** For those who have no credentials. */
  static readonly layerNone = Layer.succeed(Tokens, Tokens.of({ next: () => Effect.succeed(null) }))
}
