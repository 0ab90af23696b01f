import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.crossbar.autobahn.wamp.Session;
import io.crossbar.autobahn.wamp.exceptions.ApplicationError;
import io.crossbar.autobahn.wamp.interfaces.TriFunction;
import io.crossbar.autobahn.wamp.transports.NettyWebSocket;
import io.crossbar.autobahn.wamp.types.CallOptions;
import io.crossbar.autobahn.wamp.types.CallResult;
import io.crossbar.autobahn.wamp.types.InvocationDetails;
import io.crossbar.autobahn.wamp.types.InvocationResult;
import io.crossbar.autobahn.wamp.types.RegisterOptions;
import io.crossbar.autobahn.wamp.types.Registration;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * autobahn-java, driven by a test: JSON lines in, JSON lines out, as in
 * clients/protocol.mjs. All that happens to a session runs in its own thread.
 */
public class AutobahnClient {
  static final ObjectMapper json = new ObjectMapper();
  static final Map<String, AutobahnClient> clients = new ConcurrentHashMap<>();
  static final PrintStream out = System.out;

  final String name;
  final ExecutorService executor = Executors.newSingleThreadExecutor();
  final Session session = new Session(executor);
  final Map<String, Registration> registrations = new HashMap<>();
  final Map<String, Deque<Runnable>> held = new HashMap<>();
  final Map<String, Integer> running = new HashMap<>();
  final Map<String, Integer> peak = new HashMap<>();

  AutobahnClient(String name) {
    this.name = name;
  }

  static synchronized void say(Object... pairs) {
    Map<String, Object> line = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) line.put((String) pairs[i], pairs[i + 1]);
    try {
      out.println(json.writeValueAsString(line));
      out.flush();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  CompletableFuture<?> join(JsonNode c) throws Exception {
    CompletableFuture<Object> joined = new CompletableFuture<>();
    session.addOnConnectListener(s -> s.join(c.path("realm").asText("realm1")).whenComplete((details, e) -> {
      if (e != null) joined.completeExceptionally(e);
      else joined.complete(Collections.singletonMap("session", details.sessionID));
    }));
    // Behind the GOODBYE it takes its time: the transport shuts down slowly.
    session.addOnLeaveListener((s, details) -> ended());
    session.addOnDisconnectListener((s, clean) -> ended());
    String serializer = "wamp.2." + c.path("serializer").asText("cbor");
    new NettyWebSocket(c.get("url").asText(), Collections.singletonList(serializer)).connect(session);
    return joined;
  }

  void ended() {
    if (clients.remove(name) != null) say("event", "disconnected", "session", name);
  }

  CompletableFuture<?> register(JsonNode c) {
    String procedure = c.get("procedure").asText(), behaviour = c.path("behaviour").asText("echo");
    TriFunction<List<Object>, Map<String, Object>, InvocationDetails, CompletableFuture<InvocationResult>> endpoint =
        (args, kwargs, details) -> invoked(procedure, behaviour, args);
    JsonNode options = c.path("options"); // it has no word for a limit
    return session
        .register(procedure, endpoint, new RegisterOptions(options.path("match").asText(null), options.path("invoke").asText(null)))
        .thenApply(registration -> {
          registrations.put(procedure, registration);
          return registration.registration;
        });
  }

  CompletableFuture<InvocationResult> invoked(String procedure, String behaviour, List<Object> args) {
    peak.merge(procedure, running.merge(procedure, 1, Integer::sum), Math::max);
    say("event", "invoked", "session", name, "procedure", procedure, "args", args);
    List<Object> result = behaviour.equals("name") ? Collections.singletonList(name) : args;
    CompletableFuture<InvocationResult> answer = new CompletableFuture<>();
    Runnable finish = () -> {
      running.merge(procedure, -1, Integer::sum);
      answer.complete(new InvocationResult(result));
    };
    if (behaviour.equals("hold")) held.computeIfAbsent(procedure, p -> new ArrayDeque<>()).add(finish);
    else finish.run();
    return answer;
  }

  Object execute(JsonNode c) throws Exception {
    String procedure = c.path("procedure").asText();
    switch (c.get("cmd").asText()) {
      case "join":
        return join(c);
      case "register":
        return register(c);
      case "unregister":
        return session.unregister(registrations.remove(procedure)).thenApply(n -> null);
      case "call":
        List<?> args = json.convertValue(c.path("args"), List.class);
        int timeout = c.path("options").path("timeout").asInt();
        return session.call(procedure, new CallOptions(timeout), args.toArray()).thenApply(AutobahnClient::unwrapped);
      case "release":
        Deque<Runnable> runnables = held.getOrDefault(procedure, new ArrayDeque<>());
        int n = c.path("n").asInt(runnables.size());
        for (int i = 0; i < n; i++) runnables.remove().run();
        return n;
      case "peak":
        return peak.getOrDefault(procedure, 0);
      case "leave":
        session.leave();
        return null;
      default:
        throw new IllegalArgumentException(c.get("cmd").asText());
    }
  }

  /** What a RESULT holds, in the form that a test reads: one value, or both parts. */
  static Object unwrapped(CallResult result) {
    boolean bare = result.kwresults == null || result.kwresults.isEmpty();
    if (bare && result.results != null && result.results.size() == 1) return result.results.get(0);
    Map<String, Object> parts = new HashMap<>();
    parts.put("args", result.results);
    parts.put("kwargs", result.kwresults);
    return parts;
  }

  static void answer(int id, Object result, Throwable e) {
    if (e instanceof CompletionException) e = e.getCause();
    if (e == null) {
      say("id", id, "ok", result);
      return;
    }
    Map<String, Object> error = new HashMap<>();
    error.put("uri", e instanceof ApplicationError ? e.getMessage() : "java." + e.getClass().getSimpleName());
    error.put("args", e instanceof ApplicationError ? ((ApplicationError) e).args : Collections.singletonList(e.getMessage()));
    say("id", id, "error", error);
  }

  void take(JsonNode c) {
    int id = c.get("id").asInt();
    try {
      Object result = execute(c);
      if (result instanceof CompletableFuture) ((CompletableFuture<?>) result).whenComplete((r, e) -> answer(id, r, e));
      else answer(id, result, null);
    } catch (Exception e) {
      answer(id, null, e);
    }
  }

  public static void main(String[] arguments) throws Exception {
    System.setOut(System.err); // the library's own lines
    say("event", "ready");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode c = json.readTree(line);
      AutobahnClient client = clients.computeIfAbsent(c.get("session").asText(), AutobahnClient::new);
      client.executor.execute(() -> client.take(c));
    }
    System.exit(0);
  }
}
