import java.net.URI;
import ws.wamp.jawampa.WampRouter;
import ws.wamp.jawampa.WampRouterBuilder;
import ws.wamp.jawampa.transport.netty.SimpleWampWebsocketListener;

/**
 * jawampa's router: one realm, anybody may do everything, on a port of the
 * loopback (first argument). It ends when its standard input does.
 */
public class JawampaRouter {
  public static void main(String[] args) throws Exception {
    WampRouterBuilder builder = new WampRouterBuilder();
    builder.addRealm("realm1");
    WampRouter router = builder.build();
    URI uri = URI.create("ws://127.0.0.1:" + args[0] + "/ws");
    new SimpleWampWebsocketListener(router, uri, null).start();
    System.out.println("listening on " + uri);
    while (System.in.read() >= 0) {}
    System.exit(0);
  }
}
