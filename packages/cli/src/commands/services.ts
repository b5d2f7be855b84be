import { Command } from 'commander'
import type { Answer } from './answer.ts'
import { servicesFindCommand } from './services/find.ts'
import { servicesListCommand } from './services/list.ts'
import { servicesShowCommand } from './services/show.ts'
import { servicesUpdateCommand } from './services/update.ts'

export function servicesCommand(answer: Answer): Command {
  return new Command('services')
    .description('the catalogue of services and categories: what policies mean by them, and what vendors say today')
    .addCommand(servicesListCommand(answer))
    .addCommand(servicesShowCommand(answer))
    .addCommand(servicesFindCommand(answer))
    .addCommand(servicesUpdateCommand(answer))
}
