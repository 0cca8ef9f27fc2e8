/** Programs in Go and Java: a client per request, and a connection that is ended after each. */
import { must } from '../../../support/process.js';
import { ADDRESS, type FixCase } from './apply.js';
import { server } from './scripts.js';

const PORT = 8080;
const URL = `http://${ADDRESS}:${PORT}/`;
/** Which of them is compiled beside others takes the processor from the rest. */
const ENV = { GOFLAGS: '-p=1', GOCACHE: '/tmp/portchurn-test-gocache' };

export const COMPILED: Readonly<Record<string, FixCase>> = {
  go: {
    ...{ port: PORT, around: server, comm: /^churner$/, fix: /^Share one http.Client/ },
    bad: {
      once: '',
      each: `client := &http.Client{Transport: &http.Transport{}}
resp, err := client.Get("${URL}")
if err == nil { io.Copy(io.Discard, resp.Body); resp.Body.Close(); client.CloseIdleConnections() }`,
    },
    program: async (stage, { once, each }) => {
      const source = stage.write(
        'main.go',
        `package main
import ("io"; "net/http"; "time")
${once}
func request() {
${each}
}
func main() {
  for { request(); time.Sleep(14 * time.Millisecond) }
}
`,
      );
      const env = { ...process.env, ...ENV };
      await must(['nice', 'go', 'build', '-o', `${stage.directory}/churner`, source], { env });
      return stage.start([`${stage.directory}/churner`]);
    },
  },
  java: {
    ...{ port: PORT, around: server, comm: /^java$/, fix: /^Share one HttpClient/ },
    bad: {
      once: '',
      each: `var request = (java.net.HttpURLConnection) URI.create("${URL}").toURL().openConnection();
request.getInputStream().readAllBytes();
request.disconnect();`,
    },
    program: async (stage, { once, each }) => {
      const source = stage.write(
        'Churner.java',
        `import java.net.URI;
import java.net.http.*;
public class Churner {
${once}
  static void request() throws Exception {
${each}
  }
  public static void main(String[] words) throws Exception {
    for (;;) { request(); Thread.sleep(14); }
  }
}
`,
      );
      await must(['nice', 'javac', '-d', stage.directory, source]);
      return stage.start(['java', '-Xmx64m', '-cp', stage.directory, 'Churner']);
    },
  },
};
