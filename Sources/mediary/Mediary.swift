@main struct Mediary {
    static func main() {}
}
