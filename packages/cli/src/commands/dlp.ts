import { Command } from 'commander'
import type { Answer } from './answer.ts'
import { hashCommand } from './dlp/hash.ts'

export function dlpCommand(answer: Answer): Command {
  return new Command('dlp').description('detectors of content for the proxy').addCommand(hashCommand(answer))
}
