/** Origins of other servers whose pictures come over their WebSocket, like those of the own server, and not as MJPEG. */
export const framesServers = new Set<string>();
