// What net/http sends by itself, and no more.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"
)

var root = os.Args[1]

func main() {
	var description struct{ Title string }
	get("/instrument/", &description)
	send("PUT", "/instrument/gain", 2.5)
	var gain float64
	get("/instrument/gain", &gain)
	told := map[string]any{
		"title": description.Title, "gain": gain, "sum": invoke(), "event": hear(), "frames": takeFrames(),
	}
	for n := 0; n < 5; n++ {
		get("/instrument/gain", &gain)
	}
	must(json.NewEncoder(os.Stdout).Encode(told))
}

// A request of a type that net/http cannot measure goes out in chunks.
type unmeasured struct{ io.Reader }

func send(method, path string, value any) *http.Response {
	body, err := json.Marshal(value)
	must(err)
	request, err := http.NewRequest(method, root+path, unmeasured{bytes.NewReader(body)})
	must(err)
	request.Header.Set("Content-Type", "application/json")
	if method == "PUT" {
		request.Header.Set("Expect", "100-continue")
	}
	response := do(request)
	response.Body = io.NopCloser(bytes.NewReader(read(response)))
	return response
}

var client = http.Client{Transport: &http.Transport{ExpectContinueTimeout: 5 * time.Second}}

func do(request *http.Request) *http.Response {
	response, err := client.Do(request)
	must(err)
	if response.StatusCode >= 300 {
		log.Fatalf("%s %s: %s", request.Method, request.URL, response.Status)
	}
	return response
}

func read(response *http.Response) []byte {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(err)
	return body
}

func open(path, accept string) *http.Response {
	request, err := http.NewRequest("GET", root+path, nil)
	must(err)
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	return do(request)
}

func get(path string, value any) {
	must(json.Unmarshal(read(open(path, "")), value))
}

func invoke() float64 {
	location, err := send("POST", "/instrument/add", map[string]int{"a": 2, "b": 3}).Location()
	must(err)
	for n := 0; n < 200; n++ {
		var invocation struct {
			Status string
			Output *float64
		}
		get(location.Path, &invocation)
		if invocation.Status == "completed" {
			return *invocation.Output
		}
		time.Sleep(50 * time.Millisecond)
	}
	log.Fatal("the invocation has not ended")
	return 0
}

func hear() json.RawMessage {
	events := open("/instrument/moved", "text/event-stream")
	defer events.Body.Close()
	send("POST", "/instrument/move", map[string]int{"x": 7})
	for lines := bufio.NewScanner(events.Body); lines.Scan(); {
		if line := lines.Text(); strings.HasPrefix(line, "data:") {
			return json.RawMessage(strings.TrimSpace(line[len("data:"):]))
		}
	}
	log.Fatal("the events ended")
	return nil
}

func takeFrames() (frames int) {
	stream := open("/camera/mjpeg_stream", "")
	defer stream.Body.Close()
	_, parameters, err := mime.ParseMediaType(stream.Header.Get("Content-Type"))
	must(err)
	for parts := multipart.NewReader(stream.Body, parameters["boundary"]); frames < 3; frames++ {
		part, err := parts.NextPart()
		must(err)
		jpeg, err := io.ReadAll(part)
		must(err)
		if !bytes.HasPrefix(jpeg, []byte{0xff, 0xd8}) || fmt.Sprint(len(jpeg)) != part.Header.Get("Content-Length") {
			log.Fatal("not a JPEG")
		}
	}
	return frames
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
