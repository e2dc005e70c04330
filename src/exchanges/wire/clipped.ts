const longest = 60

/** Text of a venue for a reason or a subject, kept short whatever was sent. */
export const clipped = (text: string): string => text.length > longest ? `${text.slice(0, longest)}...` : text
