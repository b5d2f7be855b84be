import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

/** Colours where a person looks at a terminal that wants them (NO_COLOR, FORCE_COLOR), plain text elsewhere. */
export function styled(format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream, validateStream: true })
}

/** Text from policies, names and programs: control characters could rewrite the terminal. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
