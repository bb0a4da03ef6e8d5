// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// As leak.c, once a line comes; before that, the functions are called until they are compiled.
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

public class Leak {
    static final List<Socket> kept = new ArrayList<>();
    static int port;
    static int warm;

    static Socket dial() throws Exception {
        Socket socket = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
        while (socket.getInputStream().read() >= 0)
            warm++;
        return socket;
    }

    static void healthy(boolean really) throws Exception {
        warm++;
        if (really)
            dial().close();
    }

    static void leaky(boolean really) throws Exception {
        warm++;
        if (really)
            kept.add(dial());
    }

    static void both(boolean really) throws Exception {
        healthy(really);
        leaky(really);
    }

    public static void main(String[] arguments) throws Exception {
        port = Integer.parseInt(arguments[0]);
        for (int i = 0; i < 50000; i++)
            both(false);
        System.out.println("ready");
        System.in.read();
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++)
            both(true);
        System.out.println("done");
        System.in.read();
        while (System.in.read() >= 0)
            warm++;
    }
}
