/** Takes one line without its end; what it finds goes to the builder it was made for. */
export type LineReader = {
  readonly line: (text: string, number: number) => void
  /** The document ends. */
  readonly end?: () => void
}
