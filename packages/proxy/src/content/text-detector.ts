/** `too-much`: more than it can look at, so that nothing can be said. */
export type Look = 'found' | 'nothing' | 'too-much'

/** A detector of one's own, beside those that are built in; `text` has one character an octet. */
export type TextDetector = { readonly name: string; readonly look: (text: string) => Look }
