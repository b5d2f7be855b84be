import { Command } from 'commander'
import type { Answer } from './answer.ts'
import { acceptCommand } from './feeds/accept.ts'
import { findCommand } from './feeds/find.ts'
import { inspectCommand } from './feeds/inspect.ts'
import { listCommand } from './feeds/list.ts'
import { showCommand } from './feeds/show.ts'
import { updateCommand } from './feeds/update.ts'

export function feedsCommand(answer: Answer): Command {
  return new Command('feeds')
    .description('the feeds of a policy: fetch them, see what is in them, accept what was held back')
    .addCommand(listCommand(answer))
    .addCommand(updateCommand(answer))
    .addCommand(showCommand(answer))
    .addCommand(acceptCommand(answer))
    .addCommand(findCommand(answer))
    .addCommand(inspectCommand(answer))
}
