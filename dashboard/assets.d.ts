/** Files that the build copies beside the page; the import gives their address. */
declare module '*.svg?no-inline' {
  const url: string;
  export default url;
}
