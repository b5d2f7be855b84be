export { TcpSockets, type TcpEnd, type TcpSocket } from './tcp-socket.ts'
export { findHolders, type Holders } from './socket-holders.ts'
export { readProgram, type ProcessProgram } from './process-program.ts'
