export { InetSockets, type InetSocket, type SocketEnd, type SocketEnds } from './inet-sockets.ts'
export { findHolders, type Holders } from './socket-holders.ts'
export { readProgram, type ProcessProgram } from './process-program.ts'
