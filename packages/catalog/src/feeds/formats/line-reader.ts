/** Takes one line without its end; what it finds goes to the builder it was made for. */
export type LineReader = {
  /** Takes a line where it stands, if it is one of the plainest kind; `false` leaves it to `line`. */
  readonly quick?: (text: string, from: number, to: number) => boolean
  readonly line: (text: string, number: number) => void
  /** The document ends. */
  readonly end?: () => void
}
